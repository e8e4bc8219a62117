package tinyllm.sampling;

/** A step from logits to a token that a learner may replace: {@code Sampler.library().with(MyTopP::new)} (chapters 1.7 and 4.3). */
public sealed interface SamplingFn
        permits TemperatureFn, TopKFn, TopPFn, MinPFn, RepetitionPenaltyFn, AnswerPenaltiesFn {}
