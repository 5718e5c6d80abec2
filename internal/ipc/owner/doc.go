// Package owner names the process that made something, for those who find it later. It is
// apart from package ipc for what runs before the rest of the program is initialised.
package owner
