//go:build !race

package control

// killed is how many clients TestKilledClients kills.
const killed = 1000
