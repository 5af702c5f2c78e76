((if_statement condition: (binary_expression left: (identifier) @name operator: "!=" right: (nil)) consequence: (block) @body) @here @clause (#eq? @name "err"))
