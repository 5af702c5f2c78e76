((except_clause "except" @here (identifier) @type (block . (pass_statement) .)) @clause (#any-of? @type "Exception" "BaseException"))
((except_clause "except" @here (as_pattern (identifier) @type) (block . (pass_statement) .)) @clause (#any-of? @type "Exception" "BaseException"))
