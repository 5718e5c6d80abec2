package supervisor

import "testing"

func TestFitting(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"from pid 4194304 (supervise, uid 4294967294)":                          "from pid 4194304 (supervise, uid 4294967294)",
		"from supervise: a rung of its ladder":                                  "from supervise: a rung of its ladder",
		"perhaps from supervise: a rung of its ladder, sent 1.5s before":        "perhaps from supervise: a rung of its ladder",
		"from an unknown sender: the kernel does not say who it was":            "from an unknown sender",
		"perhaps from pid 12 (supervise, uid 0), which sent one 1.5s before it": "perhaps from pid 12 (supervise, uid 0)",
		"sent by the kernel's OOM killer: the cgroup /a/b: it was full":         "sent by the kernel's OOM killer: the cgroup /a/b",
		"perhaps from pid 4194304 (a-longer-nameXX, uid 4294967294), which":     "perhaps from pid 4194304 (a-longer-nameXX, uid 4",
	} {
		if got := fitting(text, 48); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
