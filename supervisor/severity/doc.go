// Package severity says at which level an entry of the journal is logged: what has gone wrong,
// what somebody has asked for, and what only those who look for it want to see.
//
//	if level := severity.Of(entry); level != zerolog.Disabled { ... }
//
// It writes nothing: that is the loop's.
package severity
