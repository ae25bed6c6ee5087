"""The company of the simulator as a tenant of PQL Hub: founded, arranged, and lived through day by day with the
product's own operations. The demo and the sample data are filled with it."""
