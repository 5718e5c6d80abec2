package take

// OnStopped has do called each time that a process stands.
func OnStopped(do func()) { testStopped = do }
