package main

// main is what runs when the program was not linked with its own entry point, or the
// architecture has none.
func main() {
	println("tiny: to be linked with -ldflags=-E=_tiny_entry, on amd64 or arm64")
}
