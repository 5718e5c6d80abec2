// Package accounts knows the users and groups of this machine, as far as a
// configuration has to be checked against them.
//
// It is apart from package config so that a configuration can be read and tested
// without any machine. It gives names only: what user and group ids a service gets is
// found out by whoever spawns it, at that time.
//
//	file, err := config.Load("services.toml", accounts.Host{})
package accounts
