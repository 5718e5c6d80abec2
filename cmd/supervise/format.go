//go:build !slim

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// addFormat adds --format text|json, checked before the command runs.
func addFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().Var(newChoice(format, "text", "text", "json"), "format", "how to print: text or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// choice is a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

func newChoice(value *string, initial string, words ...string) *choice {
	*value = initial
	return &choice{value, words}
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return "WORD" }

func (c *choice) Set(text string) error {
	for _, w := range c.words {
		if text == w {
			*c.value = text
			return nil
		}
	}
	return fmt.Errorf("must be one of %v, not %q", c.words, text)
}
