// Counting confidences into bins, and reporting.
#include "eval/calibration.h"

#include <math.h>

void calibration_add(struct calibration *c, double confidence, bool right)
{
    if (isnan(confidence))
        return;
    double place = confidence * CALIBRATION_BINS;
    size_t bin = place >= CALIBRATION_BINS ? CALIBRATION_BINS - 1 : place > 0 ? (size_t)place : 0;
    struct calibration_bin *b = &c->bins[bin];
    *(right ? &b->right : &b->wrong) += 1;
    *(right ? &b->right_sum : &b->wrong_sum) += confidence;
}

struct calibration_result calibration_result(const struct calibration *c)
{
    double right = 0, wrong = 0, right_sum = 0, wrong_sum = 0, distance = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        const struct calibration_bin *b = &c->bins[i];
        right += (double)b->right;
        wrong += (double)b->wrong;
        right_sum += b->right_sum;
        wrong_sum += b->wrong_sum;
        distance += fabs(b->right_sum + b->wrong_sum - (double)b->right);
    }
    double all = right + wrong;
    return (struct calibration_result){.answers = (uint64_t)all,
                                       .error = all > 0 ? distance / all : NAN,
                                       .right_mean = right > 0 ? right_sum / right : NAN,
                                       .wrong_mean = wrong > 0 ? wrong_sum / wrong : NAN};
}

void calibration_text(const struct calibration *c, struct buf *to)
{
    struct calibration_result r = calibration_result(c);
    if (!r.answers)
        return;
    if (r.wrong_mean >= 0)
        buf_printf(to,
                   "confidence %.2f of right and %.2f of wrong answers, calibration error %.3f\n",
                   r.right_mean, r.wrong_mean, r.error);
    else
        buf_printf(to, "confidence %.2f, none wrong, calibration error %.3f\n", r.right_mean,
                   r.error);
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        const struct calibration_bin *b = &c->bins[i];
        double n = (double)(b->right + b->wrong);
        if (n > 0)
            buf_printf(to, "  %.1f to %.1f: %4.0f answers, mean %.2f, right %.2f\n",
                       (double)i / CALIBRATION_BINS, (double)(i + 1) / CALIBRATION_BINS, n,
                       (b->right_sum + b->wrong_sum) / n, (double)b->right / n);
    }
}

void calibration_json(const struct calibration *c, struct json_out *to)
{
    struct calibration_result r = calibration_result(c);
    json_object(to);
    json_key_int(to, "answers", (int64_t)r.answers);
    json_key_real(to, "error", r.error);
    json_key_real(to, "right_mean", r.right_mean);
    json_key_real(to, "wrong_mean", r.wrong_mean);
    json_key(to, "bins");
    json_array(to);
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        const struct calibration_bin *b = &c->bins[i];
        double n = (double)(b->right + b->wrong);
        json_object(to);
        json_key_int(to, "answers", (int64_t)n);
        json_key_int(to, "right", (int64_t)b->right);
        json_key_real(to, "mean", n > 0 ? (b->right_sum + b->wrong_sum) / n : NAN);
        json_end(to);
    }
    json_end(to);
    json_end(to);
}
