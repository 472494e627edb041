namespace Utp.Simulation.Probes;

/// <summary>A flow that a probe can sample.</summary>
internal interface IMeasuredFlow
{
    /// <summary>Payload delivered in order to the receiving application.</summary>
    long DeliveredBytes { get; }

    FlowSample Sample();
}

/// <summary>The estimates of a sender at one instant.</summary>
internal readonly record struct FlowSample(long WindowBytes, long QueueingDelayMicros, long BaseDelayMicros, long RoundTripMicros, string Phase);
