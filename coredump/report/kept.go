package report

import "supervise/internal/size"

// Kept says in a few words what is kept of a crash: "core 7f3a91c2, mini 18 KB, full 44 MB",
// "no core is kept: there were 3 within 10m0s (core.rate)". It is "" if that is not known yet.
func (r *Report) Kept() string {
	because := ""
	if r.Core.Reason != "" {
		because = ": " + r.Core.Reason
	}
	text := "core " + r.ID
	if r.Mini.Size > 0 {
		text += ", mini " + size.Format(r.Mini.Size)
	}
	switch {
	case r.Core.State == Refused:
		return "no core is kept" + because
	case r.ID == "":
		return ""
	case r.Core.State == Taking:
		return text + ", the full one is being written"
	case r.Core.State == Truncated:
		return text + ", cut short at " + size.Format(r.Core.Size) + because
	case r.Core.State == MiniOnly:
		return text + because
	case r.Core.State == Complete:
		return text + ", full " + size.Format(r.Core.Size)
	}
	return text
}
