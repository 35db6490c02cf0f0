// Control limits of T-squared and Q.
#include "eval/control_limit.h"

#include <math.h>

enum { GRID_POINTS = 10000, FRACTION_STEPS = 500 };

#define GRID_END    15.0
#define PROBABILITY 0.999

// The continued fraction of the incomplete beta function by Lentz's method (Press et al.,
// "Numerical Recipes", section 6.4).
static double beta_fraction(double x, double a, double b)
{
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m <= FRACTION_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        h *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        h *= c * d;
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return h;
}

// I_x(a, b) with y = 1 - x given, so that neither end loses digits.
static double beta_regularised(double x, double y, double a, double b)
{
    if (x <= 0)
        return 0;
    if (y <= 0)
        return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(y, b, a) / b;
}

double f_probability(double x, double m, double n)
{
    return beta_regularised(m * x / (m * x + n), n / (m * x + n), m / 2, n / 2);
}

static double normal_probability(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double grid(int i)
{
    return GRID_END * i / (GRID_POINTS - 1);
}

double control_limit_t2(int dims, int rows)
{
    double m = dims, n = rows;
    int low = 0, high = GRID_POINTS; // the last point below the probability is in [low, high)
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (f_probability(grid(middle), m, n - m) < PROBABILITY)
            low = middle;
        else
            high = middle;
    }
    return m * (n - 1) * (n + 1) / (n * (n - m)) * grid(low);
}

double control_limit_q(double rest)
{
    double theta1 = rest, theta2 = rest * rest, theta3 = rest * rest * rest;
    double h0 = 1 - 2 * theta1 * theta3 / (3 * theta2 * theta2);
    int at = 0;
    while (at + 1 < GRID_POINTS && normal_probability(grid(at + 1)) < PROBABILITY)
        at++;
    double c = grid(at);
    return theta1 *
           pow(1 + c * h0 * sqrt(2 * theta2) / theta1 + theta2 * h0 * (h0 - 1) / (theta1 * theta1),
               1 / h0);
}
