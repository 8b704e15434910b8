package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Setting describes one setting to an operator.
type Setting struct {
	Name    string // the environment variable, PARLEY_…
	Flag    string // the flag of the same meaning, with its dashes
	Default string // what an unset setting is; empty when it is nothing
	Help    string // what it does, in complete sentences
}

// Settings lists every setting in the order in which Config declares them.
func Settings() []Setting {
	fields := reflect.TypeFor[Config]()
	settings := make([]Setting, 0, fields.NumField())
	for field := range fields.Fields() {
		settings = append(settings, Setting{
			Name:    field.Tag.Get("env"),
			Flag:    "--" + field.Tag.Get("name"),
			Default: field.Tag.Get("default"),
			Help:    field.Tag.Get("help"),
		})
	}
	return settings
}

// MarkdownTable writes the settings as the README shows them; a test compares the two.
func MarkdownTable() string {
	var table strings.Builder
	table.WriteString("| Variable | Flag | Default | What it does |\n|---|---|---|---|\n")
	for _, s := range Settings() {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", s.Name, s.Flag, code(s.Default), cell(s.Help))
	}
	return table.String()
}

// code marks up a value, and an empty one as such.
func code(value string) string {
	if value == "" {
		return "none"
	}
	return "`" + cell(value) + "`"
}

// cell keeps a text from ending its cell of the table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
