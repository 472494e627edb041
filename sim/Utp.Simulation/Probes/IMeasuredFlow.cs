namespace Utp.Simulation.Probes;

/// <summary>A flow that a probe can look at.</summary>
internal interface IMeasuredFlow
{
    /// <summary>Payload delivered in order to the receiving application.</summary>
    long DeliveredBytes { get; }

    FlowSample Sample();
}

/// <summary>What a sender believes at one instant.</summary>
internal readonly record struct FlowSample(long WindowBytes, long QueueingDelayMicros, long BaseDelayMicros, long RoundTripMicros, string Phase);
