// Control limits of T-squared and Q, to the digit as the SKAB repository computes them.
//
// Its quantiles are the last of 10,000 points from 0 to 15 whose probability is below 0.999.
#ifndef FETTLE_EVAL_CONTROL_LIMIT_H
#define FETTLE_EVAL_CONTROL_LIMIT_H

// The probability below x >= 0 of the F distribution with m and n degrees of freedom.
double f_probability(double x, double m, double n);

// Of T-squared of one new row in `dims` dimensions, fitted on `rows` rows (rows > dims).
double control_limit_t2(int dims, int rows);

// Of Q (Jackson, Mudholkar, 1979), with `rest` the sum of the residual eigenvalues. The repository
// takes powers of that sum where the paper takes the sum of powers. NaN when rest is 0.
double control_limit_q(double rest);

#endif
