//go:build race

package main

// The race detector makes everything many times slower, so it sees fewer steps.
const (
	modelSteps    = 10
	modelPrograms = 1
	raceRounds    = 3
	// wrapUpRounds is how often six submissions meet their deadlines.
	wrapUpRounds = 2
	// transferRounds and conferenceRounds are how often each pair of rivals races.
	transferRounds, conferenceRounds = 2, 2
)
