// Package archtest holds the plan of the house as tests: which folder may import
// which, what no file may do, and that the domain's words are the contract's. A
// failure here says where to look, or which table of this package to change with
// a reason.
package archtest
