//go:build !race

package main

const (
	// modelSteps is how many steps one way through the model has, and modelPrograms how many programs are taken as
	// many ways as -rapid.checks says: of 50 there are 10,000 steps, of 5,000 a million.
	modelSteps    = 100
	modelPrograms = 2
	raceRounds    = 12
	// wrapUpRounds is how often six submissions meet their deadlines.
	wrapUpRounds = 5
	// transferRounds and conferenceRounds are how often each pair of rivals races.
	transferRounds, conferenceRounds = 6, 6
)
