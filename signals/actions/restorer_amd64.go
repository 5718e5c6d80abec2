package actions

const hasRestorer = true
