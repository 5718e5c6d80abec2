package state

const hasRestorer = true
