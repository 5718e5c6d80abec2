package launch

import (
	"fmt"
	"os"

	"supervise/supervisor/launch/envfile"
)

// maxEnvironmentFile bounds what is read of an environment file, in bytes.
const maxEnvironmentFile = 1 << 20

// readEnvironmentFile reads an environment file, which is a regular file.
func readEnvironmentFile(path string) (envfile.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return envfile.File{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxEnvironmentFile {
		return envfile.File{}, fmt.Errorf("%s is no regular file of at most %d bytes", path, maxEnvironmentFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return envfile.File{}, err
	}
	file, err := envfile.Parse(string(text))
	if err != nil {
		return envfile.File{}, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}
