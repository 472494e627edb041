namespace Utp.Protocol.Wire;

/// <summary>BEP 29 packet types: the upper four bits of the first byte.</summary>
internal enum PacketType : byte
{
    Data = 0,
    Fin = 1,
    State = 2,
    Reset = 3,
    Syn = 4,
}
