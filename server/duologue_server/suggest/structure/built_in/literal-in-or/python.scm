(boolean_operator left: [(comparison_operator) (boolean_operator right: (comparison_operator))] operator: "or" right: [(string) (integer)]) @here
