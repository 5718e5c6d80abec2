package symbols

import (
	"hash/crc32"
	"path"

	"supervise/internal/text"
)

// debugDirectory is where distributions have what they strip off their programs.
const debugDirectory = "/usr/lib/debug"

// DebugPaths returns where the file with what was stripped off this one may be, best first:
// by the build id, then by the name in .gnu_debuglink. file is where this one was.
func (f *File) DebugPaths(file string) (paths []string) {
	if id := f.BuildID(); len(id) > 2 {
		name := text.Hex(id)
		paths = append(paths, debugDirectory+"/.build-id/"+name[:2]+"/"+name[2:]+".debug")
	}
	if name, _ := f.debugLink(); name != "" {
		dir := path.Dir(file)
		paths = append(paths, path.Join(dir, ".debug", name), path.Join(debugDirectory, dir, name))
		if path.Join(dir, name) != file {
			paths = append(paths, path.Join(dir, name))
		}
	}
	return paths
}

// debugLink returns the content of .gnu_debuglink: a name without a folder, and the CRC-32 of
// the file of that name.
func (f *File) debugLink() (name string, sum uint32) {
	_, b := f.Section(".gnu_debuglink")
	if len(b) < 8 {
		return "", 0
	}
	name = stringAt(b, 0)
	if name == "" || name != path.Base(name) || name == ".." {
		return "", 0
	}
	return name, order.Uint32(b[len(b)-4:])
}

// Separate reports whether debug has what was stripped off f: it has the same build id or, if
// one of them has none, the checksum that f wants.
func (f *File) Separate(debug *File) bool {
	a, b := f.BuildID(), debug.BuildID()
	if a != nil && b != nil {
		return string(a) == string(b)
	}
	name, sum := f.debugLink()
	if name == "" {
		return false
	}
	all := debug.data.at(0, debug.data.size)
	return all != nil && crc32.ChecksumIEEE(all) == sum
}
