//go:build race

package control

// killed is how many clients TestKilledClients kills; those with the race detector in them
// start slowly.
const killed = 100
