(for_statement left: (identifier) @name right: (call) @bound body: (block) @body) @here
(while_statement condition: (comparison_operator) @bound body: (block) @body) @here
