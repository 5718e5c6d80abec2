package main

// version is set by the linker in release builds: -X main.version=...
var version = "0.1.0-dev"
