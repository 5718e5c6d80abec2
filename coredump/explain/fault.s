// This file lets fault.go have a function without a body.
