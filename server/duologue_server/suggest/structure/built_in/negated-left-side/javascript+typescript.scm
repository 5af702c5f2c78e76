(binary_expression left: (unary_expression operator: "!" argument: (_)) operator: ["in" "instanceof"] right: (_) @other) @here
(binary_expression left: (unary_expression operator: "!" argument: [(identifier) (member_expression)]) operator: ["==" "==="] right: [(string) (number) (null)] @other) @here
