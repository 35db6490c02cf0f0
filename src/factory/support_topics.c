// The topics of support, with what an answer about each must mention.
#include "factory/support_topics.h"

const struct support_topic support_topics[] = {
    {"iam_trust", "Trust policies of roles", "trust policy", false},
    {"iam_deny", "How policies are evaluated", "explicit deny", false},
    {"iam_keys", "Rotating access keys", "second;deactivate", false},
    {"iam_boundary", "Permissions boundaries", "boundary;grants nothing", true},
    {"ec2_ssh", "Connecting to instances", "security group;route", false},
    {"ec2_imds", "Instance metadata", "token;put", false},
    {"ec2_ip", "Addresses of instances", "elastic ip", false},
    {"ec2_disk", "Growing volumes", "growpart;resize2fs|xfs_growfs", true},
    {"s3_403", "Access to buckets", "s3:getobject;s3:listbucket", false},
    {"s3_region", "Buckets and regions", "region", false},
    {"s3_kms", "Encrypted objects", "kms:decrypt", false},
    {"s3_multipart", "Unfinished uploads", "abortincompletemultipartupload", true},
    {"ecr_login", "Logging in to the registry", "get-login-password;hours", false},
    {"ecr_missing", "Making repositories", "create-repository|create the repository", false},
    {"ecr_pull", "Pulling images", "ecr:batchgetimage;ecr:getauthorizationtoken", false},
    {"ecr_tag", "Immutable tags", "immutable;new tag", true},
    {"docker_137", "Exit codes of containers", "memory;oomkilled", false},
    {"docker_port", "Publishing ports", "listen", false},
    {"docker_cache", "Faster builds", "dependencies|install;before|ahead", false},
    {"docker_disk", "Freeing disk space", "docker system df;docker system prune", false},
    {"docker_arch", "Images for other architectures", "architecture;--platform", true},
    {"k8s_crash", "Containers that crash", "--previous", false},
    {"k8s_pull", "Pulling images in the cluster", "imagepullsecrets;tag", false},
    {"k8s_pending", "Pods that are not scheduled", "resources.requests;node", false},
    {"k8s_probe", "Probes", "readiness", false},
    {"k8s_service", "Services and endpoints", "selector;labels", false},
    {"k8s_undo", "Going back a version", "rollout undo|undo the rollout", true},
    {"ci_fork", "Secrets in workflows", "secrets;fork*", false},
    {"ci_cache", "Caches in workflows", "hashfiles", false},
    {"ci_timeout", "Time limits of jobs", "timeout-minutes", false},
    {"ci_oidc", "Cloud access from workflows", "id-token;trust policy", true},
    {"http_429", "Rate limits", "retry-after;backoff|back off", false},
    {"http_502", "Errors of the proxy", "upstream;502;504", false},
    {"http_401", "Authentication of the API", "401;403", false},
    {"http_repeat", "Retrying requests", "post;idempotency-key", false},
    {"http_cors", "Calls from browsers", "options;access-control-allow-origin", true},
};
const size_t support_topic_count = sizeof support_topics / sizeof *support_topics;

const struct support_area support_areas[] = {
    {"iam", "action;error"}, {"ec2", "region;error"},          {"s3", "region;error"},
    {"ecr", "region;error"}, {"docker", "log|logs;exit code"}, {"k8s", "log;events"},
    {"ci", "step;log"},      {"http", "status code;response"},
};
const size_t support_area_count = sizeof support_areas / sizeof *support_areas;
