module supervise

go 1.26
