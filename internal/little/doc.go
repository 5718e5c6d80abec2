// Package little reads and writes numbers whose lowest byte stands first, as package
// encoding/binary does: that needs package reflect, and so is initialised too late for what
// is early. It is early: see cmd/supervise/preinit.
package little
