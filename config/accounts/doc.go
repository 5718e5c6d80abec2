// Package accounts knows the users and groups of this machine, to check a configuration
// against them.
//
//	file, err := config.Load("services.toml", accounts.Host{})
//
// It is separate from package config so that a configuration can be read and tested on any
// machine. It handles names only: user and group ids are looked up when a service is started.
package accounts
