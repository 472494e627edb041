namespace Utp.Simulation;

/// <summary>Handles events at instants of virtual time.</summary>
internal interface IEventTarget
{
    /// <summary>Handles an event; the tag is the one that the target passed when it scheduled the event.</summary>
    void OnEvent(int tag);
}
