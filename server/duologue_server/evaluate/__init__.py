"""`duologue eval`: scenario sets through the whole product, and what was heard compared with what people did."""
