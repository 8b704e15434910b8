package main

// demoTry is what to paste. README.md holds the same lines, and a test runs them.
const demoTry = ``
