(except_clause "except" @here . ":") @clause
