//go:build !race

package main

const (
	// modelSteps is how many steps one way through the model has. There are as many
	// ways as rapid makes: 100, so 10,000 steps; -rapid.checks=10000 makes a million.
	modelSteps = 100
	raceRounds = 12
)
