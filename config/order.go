package config

import (
	"fmt"
	"strings"
)

// orderFields are keys of a service, too: what it has to do with others.
var orderFields = []field[Service]{
	{
		name: "type", aliases: "kind service-type", takes: `"run" or "once"`, initial: `"run"`,
		doc: "when the service is up: while it runs; or, with \"once\", when it has done its work and ended well, as a migration or a backup does: it is `done` then, and not started again",
		read: func(c *checker, n *node, into *Service) {
			if word, ok := c.word(n, typeWords, "oneshot=once one-shot=once task=once job=once simple=run exec=run daemon=run longrun=run process=run"); ok {
				into.Type = Type(word)
			}
		},
	},
	{
		name: "requires", aliases: "depends-on depends dependencies dependson needs require bindsto binds-to requisite", takes: "an array of services, or a table of NAME = table",
		doc:  "services without which this one cannot be: they are started with it, it starts when they are ready, and stops before they do; [services.md](services.md) tells of it",
		read: readRequires,
		inside: func() []Entry {
			list := entries(needFields)
			for i := range list {
				list[i].Path = "NAME." + list[i].Path
			}
			return list
		},
	},
	{
		name: "wants", aliases: "waits-for want soft-depends-on optional", takes: "an array of services",
		doc:  "services that are started with this one, which waits until they are ready, or have failed, but does without them",
		read: func(c *checker, n *node, into *Service) { into.Order.Wants = c.neighbours(n, "wants") },
	},
	{
		name: "milestone", aliases: "milestones depends-ms", takes: "an array of services",
		doc:  "services that must have been ready once before this one starts for the first time; what becomes of them later does not matter",
		read: func(c *checker, n *node, into *Service) { into.Order.Milestone = c.neighbours(n, "has the milestone") },
	},
	{
		name: "after", aliases: "start-after starts-after", takes: "an array of services",
		doc:  "order only: services that this one starts after, and stops before, where both do",
		read: func(c *checker, n *node, into *Service) { into.Order.After = c.neighbours(n, "is after") },
	},
	{
		name: "before", aliases: "start-before starts-before required-by requiredby wanted-by wantedby", takes: "an array of services",
		doc:  "order only: services that this one starts before, and stops after, where both do",
		read: func(c *checker, n *node, into *Service) { into.Order.Before = c.neighbours(n, "is before") },
	},
}

var needFields = []field[Need]{
	{
		name: "until", aliases: "condition when wait-for state", takes: `"ready" or "started"`, initial: `"ready"`,
		doc: "how far the other service must have come; one of type once must have done its work in any case",
		read: func(c *checker, n *node, into *Need) {
			if word, ok := c.word(n, untilWords, "service-started=started process-started=started running=started service-healthy=ready process-healthy=ready healthy=ready up=ready"); ok {
				into.Until = Until(word)
			}
		},
	},
	{
		name: "on-loss", aliases: "on-failure on-stop restart propagate", takes: `"keep", "restart" or "stop"`, initial: `"keep"`,
		doc: "what becomes of this service when the other one ends and is started again: it keeps running, is restarted once the other one is ready, or is stopped until then. When the other one has failed, or was stopped by command, it stops in any case, and waits",
		read: func(c *checker, n *node, into *Need) {
			if word, ok := c.word(n, onLossWords, "none=keep nothing=keep ignore=keep continue=keep true=restart false=keep wait=stop"); ok {
				into.OnLoss = OnLoss(word)
			}
		},
	},
}

// readRequires reads an array of names, or a table with more to say of each.
func readRequires(c *checker, n *node, into *Service) {
	if n.kind != table {
		for _, name := range c.neighbours(n, "requires") {
			into.Order.Requires = append(into.Order.Requires, Need{Service: name})
		}
		return
	}
	for _, child := range n.children {
		need := Need{Service: child.name}
		if !c.neighbour(child, child.name, "requires") {
			continue
		}
		readTable(c, child, fmt.Sprintf(`%s = { until = "started" }`, keyText(child.name)), needFields, &need)
		into.Order.Requires = append(into.Order.Requires, need)
	}
}

// neighbours reads the names of services to which another one has a relation.
func (c *checker) neighbours(n *node, relation string) []string {
	if name, ok := n.value.(string); ok {
		c.wrongType(n, "an array of services", fmt.Sprintf("put [ ] around it: %s = [%s]", n.name, quote(name)))
		return nil
	}
	var names []string
	seen := map[string]bool{}
	c.elements(n, "an array of services", func(element *node) {
		name, ok := element.value.(string)
		switch {
		case !ok:
			c.wrongType(element, "a service", c.inQuotes(element))
		case seen[name]:
			c.wrong(element, "", "service %s is listed twice", quote(name))
		case c.neighbour(element, name, relation):
			names, seen[name] = append(names, name), true
		}
	})
	return names
}

// neighbour checks one of them, and takes note of the relation.
func (c *checker) neighbour(n *node, name, relation string) bool {
	of := n
	for !of.isService() {
		of = of.parent
	}
	if of.name == name {
		c.wrong(n, "leave it out", "service %s cannot come before itself", quote(name))
		return false
	}
	if c.checkService(n, name); n.broken {
		return false
	}
	e := relationAt{second: of.name, first: name, text: quote(of.name) + " " + relation + " " + quote(name), node: n}
	if relation == "is before" {
		e.first, e.second = e.second, e.first
	}
	c.relations = append(c.relations, e)
	return true
}

// relationAt is one edge of the graph of services, and its place in the file.
type relationAt struct {
	first, second string // the first one starts first
	text          string
	node          *node
}

// checkOrder finds the circles in the graph: no service of one could ever start. Each service is
// in one of those that are told at the most.
func (c *checker) checkOrder() {
	w := circles{c: c, of: map[string][]*relationAt{}, seen: map[string]progress{}}
	for i := range c.relations {
		r := &c.relations[i]
		w.of[r.second] = append(w.of[r.second], r)
	}
	for i := range c.relations {
		w.visit(c.relations[i].second)
	}
}

// progress is how far a service has been looked at.
type progress uint8

const (
	unseen progress = iota
	onPath          // it is among those that led here
	done            // it is in no circle that was not told
)

// circles is a search, depth first.
type circles struct {
	c    *checker
	of   map[string][]*relationAt // by the service that is second
	seen map[string]progress
	path []*relationAt
}

func (w *circles) visit(name string) {
	if w.seen[name] != unseen {
		return
	}
	w.seen[name] = onPath
	for _, r := range w.of[name] {
		if w.seen[name] != onPath { // it was in a circle
			break
		}
		w.path = append(w.path, r)
		if w.seen[r.first] == onPath {
			w.tell(r.first)
		} else {
			w.visit(r.first)
		}
		w.path = w.path[:len(w.path)-1]
	}
	w.seen[name] = done
}

// tell reports the circle at the end of the path, which begins with a service.
func (w *circles) tell(from string) {
	begin := len(w.path) - 1
	for w.path[begin].second != from {
		begin--
	}
	var edges []string
	for _, r := range w.path[begin:] {
		edges = append(edges, fmt.Sprintf("%s (%s:%d)", r.text, printable(w.c.name), w.c.line(r.node)))
		w.seen[r.second] = done
	}
	first := w.path[begin].node
	first.broken = false
	w.c.wrong(first, "no service of a circle could ever start: leave one of these out", "these services wait for each other in a circle: %s", strings.Join(edges, ", "))
}

// line is the line of a node, from 1.
func (c *checker) line(n *node) int { return 1 + strings.Count(c.source[:n.key.start], "\n") }

// checkType finds what contradicts the type of a service.
func (c *checker) checkType(n *node, s *Service) {
	restart := n.child("restart")
	if s.Type != Once || s.Restart.Policy != Always || restart == nil || restart.kind != table {
		return
	}
	if policy := restart.child("policy"); policy != nil {
		c.wrong(policy, `"on-failure" starts it again until it has ended well`, `a service of type "once" is not started again when it has done its work, which policy = "always" asks for`)
	}
}

// Edge is one relation of two services.
type Edge struct {
	Kind    string `json:"kind"`    // "requires", "milestone", "wants" or "after"
	Service string `json:"service"` // which has it
	To      string `json:"to"`      // which comes first
	Until   Until  `json:"until"`   // as the next, of "requires"
	OnLoss  OnLoss `json:"on_loss"`
}

// Edges returns the graph of the services of a file, in their order. What is "before" another one
// is told as "after" of that.
func (f *File) Edges() []Edge {
	var list []Edge
	for i := range f.Services {
		s := &f.Services[i]
		add := func(kind string, names []string) {
			for _, name := range names {
				list = append(list, Edge{Kind: kind, Service: s.Name, To: name})
			}
		}
		for _, need := range s.Order.Requires {
			list = append(list, Edge{Kind: "requires", Service: s.Name, To: need.Service, Until: need.Until, OnLoss: need.OnLoss})
		}
		add("milestone", s.Order.Milestone)
		add("wants", s.Order.Wants)
		add("after", s.Order.After)
		for _, name := range s.Order.Before {
			list = append(list, Edge{Kind: "after", Service: name, To: s.Name})
		}
	}
	return list
}
