package ipc

import "supervise/internal/ipc/owner"

// Owner is a process, as the files name the one that made the objects.
type Owner = owner.Owner

// Self is the calling process.
func Self() Owner { return owner.Self() }
