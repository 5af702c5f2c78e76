((binary_expression operator: ["==" "===" "!=" "!=="] right: (identifier) @nan) @here (#eq? @nan "NaN"))
