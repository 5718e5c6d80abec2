package guess

import "supervise/internal/text"

// Word returns the known word that was probably meant, or "" if none is similar. Upper case
// counts as lower and _ as -; otherwise about one mistake in three letters is allowed: an
// extra letter, a missing one, a wrong one, or two swapped. A prefix stands for a known word
// if all known words with that prefix begin with that word. Of two equally near words it
// returns the first.
func Word(word string, known []string) string {
	const longest = 64 // longer words are near to none, and the cost is quadratic
	if word == "" || len(word) > longest {
		return ""
	}
	word = normal(word)
	best, bestDistance := "", max(1, (len(word)+1)/3)+1
	begun, several := "", false
	for _, candidate := range known {
		apart := len(word) - len(candidate) // at least so many letters are extra or missing
		mayBeNear := max(apart, -apart) < bestDistance
		mayBegin := len(word) >= 3 && apart <= 0 && !several
		if !mayBeNear && !mayBegin {
			continue
		}
		likeness := normal(candidate)
		if d := distance(word, likeness); d < bestDistance && d < len(likeness) {
			best, bestDistance = candidate, d
		}
		switch {
		case !mayBegin || !text.HasPrefix(likeness, word):
		case begun == "" || text.HasPrefix(normal(begun), likeness):
			begun = candidate
		case !text.HasPrefix(likeness, normal(begun)):
			several = true
		}
	}
	if begun != "" && !several && bestDistance > 1 {
		return begun
	}
	return best
}

func normal(word string) string {
	all := []byte(text.Upper(word))
	for i, c := range all {
		if c == '_' {
			all[i] = '-'
		}
	}
	return string(all)
}

// distance counts the mistakes between a and b: the optimal string alignment distance.
// before, last and row are rows of its matrix.
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
