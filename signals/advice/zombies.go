package advice

import "strconv"

// zombies are children that the process does not wait for. No init can: they have a parent.
func zombies(f *Facts) (text, remedy string) {
	var dead []Relative
	for _, c := range f.Children {
		if c.Zombie {
			dead = append(dead, c)
		}
	}
	if len(dead) == 0 {
		return "", ""
	}
	text = strconv.Itoa(len(dead)) + " children have ended and it does not wait for them: " + list(dead)
	if len(dead) == 1 {
		text = "a child has ended and it does not wait for it: " + list(dead)
	}
	return text, "that is for this program to do, with wait(2) upon SIGCHLD; no init can do it while it lives, and when it ends all of them are gone"
}
