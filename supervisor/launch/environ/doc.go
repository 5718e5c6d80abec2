// Package environ decides what of the supervisor's own environment its services and hooks
// get. Most of it they get as it is: PATH, LANG, what a container was given. What they do not
// get is what was said to, or about, the supervisor itself:
//
//   - [Protocol]: what a service manager, or another parent, says to the process that it has
//     started, such as NOTIFY_SOCKET. Nobody gets it.
//   - [Shell]: what a shell says about the command that it has executed. PWD is the directory
//     in which a service starts; the others nobody gets.
//   - [Person]: who the supervisor's user is, where the files of his are, and his session.
//     Services of the same user get it, others do not.
//
// The names of each are in names.go and nowhere else.
//
//	inherited := environ.New(os.Environ(), uint32(os.Geteuid()), cwd)
//	env := inherited.For(&environ.Recipient{
//		Own:         []string{"PORT=80"},
//		AnotherUser: true,
//		Directory:   "/srv/web",
//	})
//
// It only looks at texts: no accounts, no directories, no files.
package environ
