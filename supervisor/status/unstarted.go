package status

import (
	"supervise/internal/text/escape"
	"supervise/internal/text/json"
)

// Unstarted says why a main process could not be started, the last time that was tried. The
// zero value is that it could, or was not tried.
type Unstarted struct {
	Obstacle Obstacle
	Text     string // all that is known: "execve /usr/bin/web: no such file or directory"
}

// Obstacle is what is in the way of a start, in the two or three words that a table has room
// for. The status board has the number: new ones come last.
type Obstacle uint8

// The obstacles.
const (
	NoObstacle       Obstacle = iota // 0
	AnotherObstacle                  // 1: none of the following
	NoSuchFile                       // 2: of the program, or of its interpreter
	PermissionDenied                 // 3: to execute it
	NoProgram                        // 4: ENOEXEC, it is nothing that can be executed
	CannotChdir                      // 5
	CannotBeUser                     // 6: or have its groups
	BadEnvironment                   // 7: a file of variables cannot be read
	NoMoreProcesses                  // 8
	NoMoreFiles                      // 9: descriptors
	NoMemory                         // 10
	BeingWritten                     // 11: ETXTBSY
	TakesLong                        // 12: it has not failed yet
	GivenUp                          // 13: for that
	numObstacles
)

var obstacles = [numObstacles]string{
	AnotherObstacle: "cannot start", NoSuchFile: "no such file", PermissionDenied: "permission denied", NoProgram: "no program",
	CannotChdir: "cannot chdir", CannotBeUser: "cannot be user", BadEnvironment: "environment file",
	NoMoreProcesses: "no more processes", NoMoreFiles: "no more files", NoMemory: "no memory", BeingWritten: "being written",
	TakesLong: "takes long", GivenUp: "given up",
}

// String is the words: "no such file", "" for NoObstacle. One that is not known is "cannot
// start".
func (o Obstacle) String() string {
	if o >= numObstacles {
		o = AnotherObstacle
	}
	return obstacles[o]
}

// String is all that is known: "cannot start: execve /usr/bin/web: no such file or directory".
// It is empty for the zero value.
func (u Unstarted) String() string {
	if u.Obstacle == NoObstacle {
		return ""
	}
	text, why := AnotherObstacle.String(), u.Obstacle.String()
	if u.Obstacle == TakesLong {
		text, why = "its start takes long", ""
	} else if u.Obstacle == AnotherObstacle {
		why = ""
	}
	if u.Text != "" {
		why = escape.Line(u.Text)
	}
	if why == "" {
		return text
	}
	return text + ": " + why
}

func (u *Unstarted) writeJSON(w *json.Writer) {
	w.Open()
	w.Member("reason").String(u.Obstacle.String())
	if u.Text != "" {
		w.Member("text").String(u.Text)
	}
	w.Close()
}

func (u *Unstarted) readJSON(r *json.Reader) {
	for name := range r.Members() {
		switch name {
		case "reason":
			u.Obstacle = obstacleOf(r.String())
		case "text":
			u.Text = r.String()
		default:
			r.Skip()
		}
	}
}

// obstacleOf returns the one with these words, AnotherObstacle for those of another version.
func obstacleOf(words string) Obstacle {
	for o := range obstacles {
		if obstacles[o] == words {
			return Obstacle(o)
		}
	}
	return AnotherObstacle
}
