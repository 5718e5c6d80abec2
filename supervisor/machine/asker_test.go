package machine

import (
	"testing"

	"supervise/signals"
)

// TestAsker tells who is behind a client, in words that stay one line.
func TestAsker(t *testing.T) {
	behind := Behind{PID: 7, UID: 1000, Name: "bash", Terminal: "pts/3", User: "root", Login: "alice"}
	nobody := Behind{User: "uid 4242"}
	for want, a := range map[string]Asker{
		"supervise":                                              {},
		"/run/control":                                           {Source: "/run/control"},
		"pid 9 (uid 5)":                                          {PID: 9, UID: 5},
		"pid 9 (bash, uid 5)":                                    {PID: 9, UID: 5, Name: "bash"},
		"SIGHUP from pid 9 (kill, uid 5)":                        {PID: 9, UID: 5, Name: "kill", Signal: signals.SIGHUP},
		"pid 9 (supervise, uid 0)":                               {PID: 9, Name: Client},
		"pid 9 (supervise, user uid 4242)":                       {PID: 9, Name: Client, Behind: nobody},
		"pid 9 (supervise, tty tty1, user root)":                 {PID: 9, Name: Client, Behind: Behind{Terminal: "tty1", User: "root", Login: "root"}},
		"pid 7 (bash, tty pts/3, user alice as root)":            {PID: 9, Name: Client, Behind: behind},
		"pid 9 (python3 by bash, tty pts/3, user alice as root)": {PID: 9, Name: "python3", Behind: behind},
		`pid 7 ("a), x^[]0", user "b,c" as "d(")`:                {PID: 9, Name: Client, Behind: Behind{PID: 7, Name: "a), x\x1b]0", User: "d(", Login: "b,c"}},
	} {
		if got := a.String(); got != want {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
	client := Asker{PID: 9, UID: 1, Name: Client, Behind: behind}
	if who := client.Who(); who.PID != 7 || who.UID != 1000 || who.Name != "bash" || who.Behind.Terminal != "pts/3" || who.Who() != who {
		t.Errorf("%+v", who)
	}
	client.Name = "python3"
	if who := client.Who(); who != client {
		t.Errorf("%+v", who)
	}
}
