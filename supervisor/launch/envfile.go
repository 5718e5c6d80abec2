package launch

import (
	"errors"
	"fmt"
	"os"

	"supervise/internal/safefile"
	"supervise/supervisor/launch/envfile"
	"supervise/supervisor/process"
)

// maxEnvironmentFile bounds what is read of an environment file, in bytes.
const maxEnvironmentFile = 1 << 20

// readEnvironmentFile reads an environment file. One that is root's or ours, in directories
// that are, is read whatever its service may: secrets need not be readable for who runs with
// them. Any other is read with the rights of the service's user, or refused where the service
// runs as we do.
func readEnvironmentFile(path string, who *process.Credential) (envfile.File, error) {
	text, err := safefile.Read(path, maxEnvironmentFile, safefile.Ours)
	var refused *safefile.RefusedError
	if errors.As(err, &refused) && who != nil && int(who.UID) != os.Geteuid() {
		user := safefile.User{UID: who.UID, GID: who.GID, Groups: who.Groups}
		if text, err = safefile.ReadAs(user, path, maxEnvironmentFile); err != nil {
			err = fmt.Errorf("%w (%s, and so not as uid %d)", err, refused.Reason, os.Geteuid())
		}
	}
	if err != nil {
		return envfile.File{}, &environmentError{path, err}
	}
	file, err := envfile.Parse(string(text))
	if err != nil {
		return envfile.File{}, &environmentError{path, err}
	}
	return file, nil
}

// environmentError says why an environment file could not be read.
type environmentError struct {
	path string
	err  error
}

func (e *environmentError) Error() string {
	return "cannot read the environment file " + e.path + ": " + e.err.Error()
}

func (e *environmentError) Unwrap() error { return e.err }
