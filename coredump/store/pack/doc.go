// Package pack compresses cores with Zstandard (RFC 8878), and gives them back.
//
//	w := pack.NewWriter(file, pack.Options{})
//	n, err := w.Write(data)           // or Skip, for zeros
//	err = w.Close()
//	err = pack.Unpack(to, file, limit) // to: a sparse.Writer
//
// A core is cut into frames of their own, which several processors compress at the same time,
// and of which all that are complete can be read after the file was cut. Frames of nothing but
// zeros are written without compressing anything. `zstd -d` and whatever else reads Zstandard
// reads all of them as one file.
package pack
