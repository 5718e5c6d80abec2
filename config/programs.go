package config

import "supervise/internal/programs"

// warnOfProgram warns of what is known of a service's program: that it does not stop as its
// ladder says.
func (c *checker) warnOfProgram(n *node, service *Service) {
	command := n.child("command")
	if command == nil || command.broken {
		return
	}
	ladder := make([]programs.Rung, len(service.Stop.Ladder))
	for i, rung := range service.Stop.Ladder {
		ladder[i] = programs.Rung{Signal: rung.Signal, Whole: rung.Scope != Main}
	}
	for _, h := range programs.Hazards(service.Command, ladder) {
		c.warn(command, h.Hint, "%s", h.Text)
	}
}
