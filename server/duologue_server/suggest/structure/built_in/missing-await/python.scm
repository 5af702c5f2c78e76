(expression_statement . (call function: (identifier) @name) @here .)
((expression_statement . (call function: (attribute object: (identifier) @self attribute: (identifier) @name)) @here .) (#eq? @self "self"))
(if_statement condition: (call function: (identifier) @name) @here)
((if_statement condition: (call function: (attribute object: (identifier) @self attribute: (identifier) @name)) @here) (#eq? @self "self"))
