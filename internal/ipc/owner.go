package ipc

import "supervise/internal/ipc/owner"

// Owner names the process that made the objects, as the files do.
type Owner = owner.Owner

// Self returns the calling process.
func Self() Owner { return owner.Self() }
