((binary_expression operator: ["==" "!="] right: (scoped_identifier name: (identifier) @nan)) @here (#eq? @nan "NAN"))
